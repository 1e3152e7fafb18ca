import { readFileSync } from 'node:fs';

/** MiB that a process and those it started hold; 0 where the system does not tell. */
export function memoryOf(pid: number): number {
  try {
    const [resident] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.slice(1) ?? ['0'];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean);
    return Number(resident) / 1024 + children.reduce((sum, child) => sum + memoryOf(Number(child)), 0);
  } catch {
    return 0;
  }
}

/** Watches a process and those it starts. Returns the most MiB that they held together, so far. */
export function watchMemory(pid: number): () => number {
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, memoryOf(pid));
  }, 10);
  watch.unref();
  return () => {
    clearInterval(watch);
    return peak;
  };
}
