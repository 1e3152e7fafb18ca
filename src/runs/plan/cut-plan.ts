import { type Job, type Plan, readBy, type SampleSize, type SuitePlan } from './plan.js';

/** How many examples each entry of `suites` needs of each data set; absent: none. */
export type Needs = readonly ReadonlyMap<string, number>[];

/**
 * The plan of a part of the examples: of those in a random order the first ones, of the others all or none. What is read
 * by others stays as far as they need it; suites that need nothing are gone, and the others see the data sets that they
 * need, as large as they need them.
 */
export function cutPlan(plan: Plan, needs: Needs): Plan {
  const sizes = new Map<Job, number>();
  const want = (job: Job, n: number) => {
    const size = job.order === undefined ? job.size : Math.min(n, job.size);
    if (size <= (sizes.get(job) ?? 0)) return;
    sizes.set(job, size);
    for (const input of job.inputs) want(input, size);
    for (const read of readBy(job)) if (!job.inputs.includes(read)) want(read, read.size);
  };
  for (const [i, { wanted }] of plan.suites.entries())
    for (const { request, job, size } of wanted) {
      const n = needs[i]!.get(request.dataset) ?? 0;
      if (n > 0) want(job, Math.min(n, size));
    }
  const cut = new Map<Job, Job>();
  const cutOf = (job: Job): Job => cut.get(job) ?? job;
  for (const job of plan.jobs) {
    const size = sizes.get(job);
    if (size === undefined) continue;
    cut.set(job, {
      ...job,
      size,
      units: job.units.filter(({ start }) => start < size),
      inputs: job.inputs.map(cutOf),
      reference: job.reference.map((read) => ({ ...read, job: cutOf(read.job) })),
      ...(job.maker && { maker: cutOf(job.maker) }),
    });
  }
  return {
    jobs: [...cut.values()],
    suites: plan.suites.flatMap((suite, i) => cutSuite(suite, needs[i]!, cutOf)),
    cutFrom: { entries: plan.suites.map(({ entry }) => entry), needs },
  };
}

function cutSuite(
  suite: SuitePlan,
  needs: ReadonlyMap<string, number>,
  cutOf: (job: Job) => Job,
): SuitePlan[] {
  const { context, wanted } = suite;
  if (wanted.length > 0 && needs.size === 0) return [];
  const stopped = new Map<string, SampleSize>();
  for (const [dataset, of] of samplesOf(suite)) {
    const n = needs.get(dataset) ?? 0;
    if (n > 0 && n < of) stopped.set(dataset, { n, of });
  }
  const unneeded = (name: string) =>
    wanted.some(({ request }) => request.dataset === name) && !needs.has(name);
  return [
    {
      ...suite,
      context: {
        ...context,
        datasets: context.datasets.flatMap((info) => {
          if (unneeded(info.name)) return [];
          return [{ ...info, size: stopped.get(info.name)?.n ?? info.size }];
        }),
      },
      wanted: wanted.flatMap(({ request, job, size }) => {
        const n = Math.min(size, needs.get(request.dataset) ?? 0);
        return n > 0 ? [{ request, job: cutOf(job), size: job.order === undefined ? size : n }] : [];
      }),
      ...(stopped.size > 0 && { stopped }),
    },
  ];
}

/** Data sets that a suite measures in a random order, with how many examples it wants of each. */
export function samplesOf({ wanted }: SuitePlan): Map<string, number> {
  const samples = new Map<string, number>();
  for (const { request, job } of wanted) if (job.order !== undefined) samples.set(request.dataset, job.order);
  return samples;
}
