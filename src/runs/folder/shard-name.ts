/** Which of so many shards of a run: counted from 1. */
export interface ShardName {
  index: number;
  of: number;
}

/** A run has fewer units than that; whoever splits or merges holds something for every shard. */
export const MOST_SHARDS = 10_000;

/** `2-of-4` */
export const shardText = ({ index, of }: ShardName): string => `${index}-of-${of}`;
