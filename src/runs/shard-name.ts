/** Which of so many shards of a run: counted from 1. */
export interface ShardName {
  index: number;
  of: number;
}

/** `2-of-4` */
export const shardText = ({ index, of }: ShardName): string => `${index}-of-${of}`;
