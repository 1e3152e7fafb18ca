/** Which queue, and how rows come back. */
export interface QueueChoice {
  /** Of a Redis server. */
  url: string;
  /** A folder that all workers share, or `s3://BUCKET/PREFIX`. Default: rows go through the server. */
  store?: string;
  /** Of a store that speaks S3. Default: as the environment says, and otherwise Amazon's. */
  endpoint?: string;
}
