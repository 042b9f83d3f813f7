import type {PodView} from '../derive/pod-view.ts'

/** How to read what was delivered; times in clock ticks. */
export interface DeliveryOptions {
  concurrency: number
  deadline: number
  /** When this run last changed the cluster, and until when the proxies are given to take it over; null: nothing was changed. */
  changed: {at: number; until: number} | null
}

/** A pod with Envoy: what to ask of it, or why it cannot be asked ('' when it can). */
export interface DeliveryTarget {
  namespace: string
  pod: string
  view: PodView
  listeners: string
  why: string
}
