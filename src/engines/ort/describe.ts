import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';

/** What `assay doctor` tells about the onnxruntime engine. */
export interface OrtDescription {
  version: string;
  /** Execution providers of this build that need no further files: `cpu`, `webgpu`. */
  providers: string[];
  /** Providers that exist for this platform once their libraries are installed: `cuda`. */
  otherProviders: string[];
  cpu: string;
  /** Sessions that run side by side, and threads of each, by default. */
  sessions: number;
  threads: number;
}

/** Version of the installed onnxruntime-node, read without loading its native library. */
export function ortVersion(): string {
  const manifest = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return manifest.version;
}

/**
 * How many sessions keep every core busy, with so many threads each. One thread each is best: threads that share a
 * session's work wait for each other at every node. Forward and gradient passes of a WRN-10-1 in turn, batch 32, take
 * 1.12 ms of two cores a row in two sessions, 1.33 ms in one of two threads that sleep while they wait, and 2.5 ms where
 * they spin.
 */
export function sessionsOf(threads: number): number {
  return Math.max(1, Math.floor(availableParallelism() / threads));
}

/** Loads onnxruntime's native library: throws what it throws where the platform has none. */
export async function describeOrt(): Promise<OrtDescription> {
  const ort = await import('onnxruntime-node');
  const backends = ort.listSupportedBackends();
  return {
    version: ortVersion(),
    providers: backends.filter(({ bundled }) => bundled).map(({ name }) => name),
    otherProviders: backends.filter(({ bundled }) => !bundled).map(({ name }) => name),
    cpu: cpus()[0]?.model ?? 'unknown',
    sessions: sessionsOf(1),
    threads: 1,
  };
}
