/** What `probes: pod` and `probes: mesh` take from the inputs. */
export interface ProberOptions {
  namespace: string
  /** '' for the proxy image that the cluster's own injector uses. */
  image: string
  /** Stands in where the injector's configuration cannot be read. */
  fallbackImage: string
  imagePullSecrets: readonly string[]
}
