/** Which queue, and how rows come back. */
export interface QueueChoice {
  /** Of a Redis server. */
  url: string;
  /** A folder that all workers share. Default: rows go through the server. */
  store?: string;
}
