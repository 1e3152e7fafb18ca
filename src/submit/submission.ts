import { AssayError } from '../errors.js';

/** A run that is to be measured in shards on machines of others. */
export interface Submission {
  title: string;
  /** Letters, digits and hyphens: what the jobs are called. */
  slug: string;
  shards: number;
  /** The words behind `assay`, but for --shard and --out: `run`, the run file and its options. */
  run: readonly string[];
  /** The run folder of the whole. Folders of shards lie beside it, in `OUT.shards`. */
  out: string;
  /** How the command is called where the shards run: a program with its first words. */
  assay: readonly string[];
  /** What the dearest shard is expected to take, in seconds; undefined where nothing tells. */
  seconds?: number | undefined;
  settings: Settings;
}

/** What targets are told with options of their own names. */
export interface Settings {
  /** Cores of a shard. */
  cpus: number;
  /** Of a shard: a number and K, M, G or T, such as `8G`. */
  memory?: string | undefined;
  /** Minutes that a shard may take. */
  minutes?: number | undefined;
  gpus?: number | undefined;
  /** Slurm: the partition, and the account that pays. */
  partition?: string | undefined;
  account?: string | undefined;
  /** Kubernetes: the image, the claim of the volume with models and data, where it is mounted, the namespace. */
  image?: string | undefined;
  claim?: string | undefined;
  mount: string;
  namespace?: string | undefined;
  /** GitHub: what installs Assay, and what runs the jobs. */
  install?: string | undefined;
  runner: string;
}

/** A file that a cluster takes, and what to do with it. */
export interface Written {
  text: string;
  /** Commands that submit it. */
  next: (file: string) => string[];
  /** What is left for the user to decide. */
  notes: readonly string[];
}

/** A kind of cluster. */
export interface Target {
  name: string;
  /** What the file is called. */
  file: (slug: string) => string;
  /** Errors: `config-invalid` for settings that it cannot do without. */
  write: (submission: Submission) => Written;
}

/** Twice what is expected, in whole minutes: a shard that is stopped goes on where it was, but has to wait again. */
export const minutesOf = ({ seconds, settings: { minutes } }: Submission): number | undefined =>
  minutes ?? (seconds === undefined ? undefined : Math.max(10, Math.ceil((2 * seconds) / 60)));

/** A folder of its own for every shard, whose number a shell puts in. */
export const shardsFolder = (out: string): string => `${out.replace(/\/+$/, '')}.shards`;

/** A setting that a target cannot do without: a placeholder would be found out there, hours later. Errors: `config-invalid`. */
export function needed(what: string, value: string | undefined, option: string, expected: string): string {
  if (value !== undefined) return value;
  throw new AssayError('config-invalid', `${what} needs ${option}`, {
    expected,
    found: 'none',
    hint: `add ${option} to the command`,
  });
}
