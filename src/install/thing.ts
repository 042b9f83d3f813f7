/** One object to take away: its path on the API server and the very object that was read there. */
export interface Thing {
  kind: string
  namespace: string
  name: string
  path: string
  uid: string
}
