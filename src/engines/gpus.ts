import { execFileSync } from 'node:child_process';

/** Devices that compute on an NVIDIA GPU, which the environment can choose. */
const ON_GPU: ReadonlySet<string> = new Set(['cuda', 'tensorflow']);

/** NVIDIA GPUs that a process may use, by what `CUDA_VISIBLE_DEVICES` calls them; none for devices that use none. */
export function visibleGpus(device: string | undefined): string[] {
  if (device === undefined || !ON_GPU.has(device)) return [];
  const chosen = process.env.CUDA_VISIBLE_DEVICES;
  if (chosen !== undefined) return chosen.split(',').filter((one) => one.trim() !== '');
  try {
    const args = ['--query-gpu=index', '--format=csv,noheader'];
    const listed = execFileSync('nvidia-smi', args, {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return listed.split('\n').flatMap((line) => line.trim() || []);
  } catch {
    return [];
  }
}
