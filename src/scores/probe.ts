import type { NotFinite } from '../models/finite.js';
import type { Batch, Passes, System, SystemInfo } from '../models/system.js';
import type { StreamKey } from '../random/stream.js';

/** What a score asks a system itself about images, beyond what the system says of them as they are. */
export interface Probe<Options> {
  /** Scores whose probes have one name ask the same, and share the rows. */
  name: string;
  /** Names of the options that what it finds depends on. Default: all of the score's. */
  options?: readonly string[];
  /** Why a system cannot be asked that offers all the score needs. */
  refuses?(system: SystemInfo, options: Partial<Options>): string | undefined;
  /** What it finds of an image: how many numbers, by name. */
  finds(system: SystemInfo): Readonly<Record<string, number>>;
  /** Of an image. */
  passes(options: Options, system: SystemInfo): Passes;
  /**
   * (n, as many as it finds), by name. What an image gets may depend on itself and its key, not on its batch.
   * Errors: those of the system.
   */
  ask(site: ProbeSite, options: Options): Promise<Probed>;
}

export interface ProbeSite {
  system: System;
  /** Images, without labels; with keys where the system is stochastic. */
  batch: Batch;
  /** (n) Where the probe draws for itself. */
  keys: readonly StreamKey[];
  /** Told of an image of which there is no number, by its row in the batch. */
  fail(row: number, error: NotFinite): void;
  signal?: AbortSignal;
}

/** What probes found, by name: (n, as many as it finds). */
export type Probed = Readonly<Record<string, Float32Array>>;
