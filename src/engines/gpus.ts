import { execFileSync } from 'node:child_process';

/** Devices that compute on an NVIDIA GPU, which the environment can choose. */
const ON_GPU: ReadonlySet<string> = new Set(['cuda', 'tensorflow']);

export interface Gpus {
  /** By what `CUDA_VISIBLE_DEVICES` calls them. */
  names: readonly string[];
  /** Why they could not be listed: there may be some all the same. */
  unknown?: string;
}

/** NVIDIA GPUs that a process may use; none for devices that use none. */
export function visibleGpus(device: string | undefined): Gpus {
  if (device === undefined || !ON_GPU.has(device)) return { names: [] };
  const chosen = process.env.CUDA_VISIBLE_DEVICES;
  if (chosen !== undefined) return { names: chosen.split(',').filter((one) => one.trim() !== '') };
  listed ??= listedGpus();
  return listed;
}

/** Asked for once: it takes a good part of a second. */
let listed: Gpus | undefined;

function listedGpus(): Gpus {
  try {
    const args = ['--query-gpu=index', '--format=csv,noheader'];
    const text = execFileSync('nvidia-smi', args, { encoding: 'utf8', timeout: 10_000, stdio: 'pipe' });
    return { names: text.split('\n').flatMap((line) => line.trim() || []) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no nvidia-smi' : (message.split('\n')[0] ?? '');
    return { names: [], unknown: why };
  }
}
