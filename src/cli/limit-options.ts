import { Option } from 'commander';
import { DEFAULT_LIMITS } from '../engines/guard/limits.js';
import { positiveNumber } from './option-values.js';

export interface LimitFlags {
  timeLimit?: number;
  memoryLimit?: number;
}

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
