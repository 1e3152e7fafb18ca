import { Option } from 'commander';
import { DEFAULT_LIMITS } from '../../engines/guard/limits.js';
import { positiveNumber } from './option-values.js';

export interface LimitFlags {
  timeLimit?: number;
  memoryLimit?: number;
  batchMemory?: number;
}

/** How much memory its batches may take, once it is among the others. */
export const batchMemory = () =>
  new Option(
    '--batch-memory <mib>',
    'MiB that all calls of networks which run at once may take together: batches are as large as fits (default: half of what is free)',
  ).argParser(positiveNumber);

/** What raises the limits under which a network is tried. */
export const timeLimit = () =>
  new Option(
    '--time-limit <s>',
    `seconds a call may take while a network is tried (default: ${DEFAULT_LIMITS.seconds})`,
  ).argParser(positiveNumber);

export const memoryLimit = () =>
  new Option(
    '--memory-limit <mib>',
    `MiB the network may take meanwhile (default: ${DEFAULT_LIMITS.mebibytes})`,
  ).argParser(positiveNumber);
