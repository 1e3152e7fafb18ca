/** What some work took. */
export interface Spent {
  seconds: number;
  /** Of all cores together: what neighbours on the machine change least. */
  processor: number;
}

export async function spentOn(work: () => Promise<unknown>): Promise<Spent> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { seconds, processor: (user + system) / 1e6 };
}
