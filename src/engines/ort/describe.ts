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
 * One-thread sessions, one a core: side by side they beat one session with as many threads
 * (WRN-16-4, batch 16, 2 cores: 0.161 s against 0.176 s a batch).
 */
export function defaultLayout(): { sessions: number; threads: number } {
  return { sessions: availableParallelism(), threads: 1 };
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
    ...defaultLayout(),
  };
}
