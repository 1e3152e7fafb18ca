import type { Passes } from '../../models/system.js';
import { counted, formatDuration, formatNumber, NONE } from '../../report/format.js';
import { textTable } from '../../report/text-table.js';
import type { RunCost } from '../../runs/cost-of-run.js';
import type { JobEstimate, PlanCost } from '../../runs/plan/plan-cost.js';
import type { Sharding } from '../../runs/plan/shard.js';
import { requestText } from '../../runs/units/request-text.js';

/** `about 1 200 forward and 36 000 gradient passes, about 12 min` */
export function costLine({ expected, open, seconds }: PlanCost): string {
  const kinds = (['forward', 'gradient'] as const).filter((kind) => expected[kind] > 0);
  if (kinds.length === 0) return 'no passes through a model';
  const passes = kinds.map((kind) => `${formatNumber(Math.round(expected[kind]))} ${kind}`).join(' and ');
  const time = seconds === undefined ? '' : `, about ${formatDuration(seconds)}`;
  return `${open ? 'at most' : 'about'} ${passes} passes${time}`;
}

/** The plan as a table: what each measurement of each system takes, and all together. */
export function costText({ title, directory, cost, cached, failures, sharding, anew }: RunCost): string {
  const rows = grouped(cost.jobs).map(({ measurement, model, suites, ...sum }) => [
    measurement,
    model,
    suites.join(', '),
    String(sum.units),
    String(sum.stored),
    String(sum.examples),
    passText(sum.expected?.forward, sum.bound),
    passText(sum.expected?.gradient, sum.bound),
    sum.seconds === undefined ? NONE : formatDuration(sum.seconds),
  ]);
  const header = ['', 'model', 'suites', 'units', 'stored', 'examples', 'forward', 'gradient', 'time'];
  const parts = [
    `${title}: ${counted(cost.units, 'unit')}, ${cost.stored - cached} of them in ${directory}${cached > 0 ? ` and ${cached} in caches` : ''}. Left to do: ${costLine(cost)}.`,
    textTable([header, ...rows], [0, 1, 2]).join('\n'),
    ...notesOn(cost),
    ...failuresOf(failures),
    ...(sharding && anew ? [shardTable(sharding, anew)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

const passText = (passes: number | undefined, bound: boolean): string => {
  if (passes === undefined) return '?';
  return `${bound && passes > 0 ? '≤ ' : ''}${formatNumber(Math.round(passes))}`;
};

function notesOn({ open, seconds, jobs }: PlanCost): string[] {
  const silent = jobs.some(({ basis }) => basis === 'unknown');
  return [
    ...(open
      ? [
          '≤: examples may end early, as attacks do that succeed. `--probe` measures how many, on a few of them.',
        ]
      : []),
    ...(silent ? ['?: a measurement that does not say which passes it makes.'] : []),
    ...(seconds === undefined
      ? ['No time is told where nothing of a model is measured yet: `--probe`, or a first run with --limit.']
      : []),
  ];
}

/** What the probe could not tell. */
const failuresOf = (failures: RunCost['failures']): string[] =>
  failures.size === 0
    ? []
    : [
        [
          'Failed in the probe, which says nothing of what these take:',
          ...[...failures].map(([{ request }, error]) => `  ${requestText(request)}: ${error.message}`),
        ].join('\n'),
      ];

/** What every shard takes when nothing ends early. */
export function shardTable({ shards, weight, repeated }: Sharding, { seconds }: PlanCost): string {
  const busy = shards.filter(({ units }) => units.size > 0);
  const idle = shards.length - busy.length;
  const rows = busy.map(({ index, units, passes, weight: own }) => [
    String(index),
    String(units.size),
    formatNumber(passes.forward),
    formatNumber(passes.gradient),
    `${(100 * shareOf(own, weight)).toFixed(1)} %`,
    seconds === undefined ? NONE : formatDuration(seconds * shareOf(own, weight)),
  ]);
  const again = 100 * shareOf(repeated, weight);
  return [
    ...textTable([['shard', 'units', 'forward', 'gradient', 'of all', 'time'], ...rows], []),
    ...(idle > 0 ? [`${counted(idle, 'shard')} without units, not shown`] : []),
    ...(again >= 0.05 ? [`${again.toFixed(1)} % is measured again, since several shards read it.`] : []),
  ].join('\n');
}

/** Of a run without units nothing is a share. */
const shareOf = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

interface Group {
  measurement: string;
  model: string;
  suites: string[];
  units: number;
  stored: number;
  examples: number;
  expected: Passes | undefined;
  /** Whether `expected` is what they take at most. */
  bound: boolean;
  seconds: number | undefined;
}

/** Jobs of one measurement of one system together, whatever the data set and the parameters. */
function grouped(jobs: readonly JobEstimate[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { job, suites, units, stored, examples, expected, basis, seconds } of jobs) {
    const { measurement, system: model } = job.request;
    const key = JSON.stringify([measurement.name, model]);
    const before = groups.get(key);
    groups.set(key, {
      measurement: measurement.name,
      model,
      suites: [...new Set([...(before?.suites ?? []), ...suites])],
      units: units + (before?.units ?? 0),
      stored: stored + (before?.stored ?? 0),
      examples: examples + (before?.examples ?? 0),
      expected: before ? both(before.expected, expected) : expected,
      bound: basis === 'bound' || (before?.bound ?? false),
      seconds: before ? sumOf(before.seconds, seconds) : seconds,
    });
  }
  return [...groups.values()];
}

const both = (a: Passes | undefined, b: Passes | undefined): Passes | undefined =>
  a && b && { forward: a.forward + b.forward, gradient: a.gradient + b.gradient };
const sumOf = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b;

/** The same as plain data, for programs. */
export function costJson({ title, directory, cost, cached, failures, sharding }: RunCost): object {
  const { jobs, units, stored, expected, atMost, open, seconds = null } = cost;
  return {
    version: 1,
    title,
    directory,
    units,
    stored,
    cached,
    passes: { expected: whole(expected), atMost: whole(atMost), open },
    seconds,
    failed: [...failures].map(([{ request }, { message }]) => ({ what: requestText(request), why: message })),
    jobs: jobs.map(({ job, expected, atMost, seconds = null, ...about }) => {
      const { measurement, system: model, dataset, params } = job.request;
      const passes = { expected: whole(expected), atMost: whole(atMost), basis: about.basis };
      const { suites, units, stored, examples } = about;
      const named = { measurement: measurement.name, model, dataset, params, suites };
      return { ...named, units, stored, examples, passes, seconds };
    }),
    ...(sharding && {
      shards: sharding.shards.map(({ index, units, passes, weight }) => ({
        index,
        units: units.size,
        atMost: whole(passes),
        share: shareOf(weight, sharding.weight),
      })),
      repeated: shareOf(sharding.repeated, sharding.weight),
    }),
  };
}

const whole = (passes: Passes | undefined) =>
  passes ? { forward: Math.round(passes.forward), gradient: Math.round(passes.gradient) } : null;
