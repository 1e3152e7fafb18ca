import { oneLine } from '../../one-line.js';
import { provenance } from '../../report/provenance.js';
import { xmlOf } from '../../report/xml.js';
import { type GateRow, gateRows } from '../present.js';
import { errorsOf, titlesOf } from './outcome.js';
import type { Judged, Reporter } from './reporter.js';

/**
 * JUnit XML as Jenkins defines it (junit-4.xsd and junit-10.xsd of its xUnit plug-in, which GitLab, Azure and Buildkite
 * read too): a test case for each limit of each rule. What could not be measured is a test case with an error, so that
 * no view of it is green where the command ends with 2. A rule of `level: warn` that does not hold fails nothing, which
 * JUnit has one word for: skipped.
 */
export const junit: Reporter = {
  name: 'junit',
  description: 'JUnit XML, a test case per gate, for GitLab, Jenkins and others',
  render: renderJunit,
};

function renderJunit(judged: Judged): string {
  const { runs, gates } = judged;
  const errors = errorsOf(runs);
  const broken = errors.length > 0 ? [unmeasured(errors)] : [];
  const rows = gates.flatMap((gate) => gateRows([gate]));
  const failures = rows.filter(({ state }) => state === 'fail').length;
  const skipped = rows.filter(({ state }) => state === 'warn').length;
  const counts = { tests: gates.length + broken.length, failures, errors: broken.length };
  const time = runs.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(3);
  const suite = {
    ...attributes({
      name: titlesOf(runs),
      ...counts,
      skipped,
      time,
      timestamp: runs[0].created.slice(0, 19),
    }),
    properties: {
      property: propertiesOf(judged).map(([name, value]) => attributes({ name, value })),
    },
    testcase: [...rows.map(caseOf), ...broken],
  };
  return xmlOf({ testsuites: { ...attributes({ name: 'assay', ...counts, time }), testsuite: suite } });
}

const unmeasured = (errors: readonly string[]) => ({
  ...attributes({ name: 'everything is measured', classname: 'assay.run', time: '0' }),
  error: { ...attributes({ message: errors[0]!, type: 'partial' }), '#text': errors.map(oneLine).join('\n') },
});

function caseOf({ verdict, state, rule, value, interval, n, limit, margin, reason }: GateRow) {
  const { suite, measure, model } = verdict;
  const told = {
    value: verdict.value === null ? value : `${value} (${verdict.value})`,
    interval,
    n,
    limit,
    margin,
  };
  const message = verdict.reason ?? reason;
  const why = `${value}, limit ${limit}: ${message}`;
  return {
    ...attributes({
      name: rule,
      classname: ['assay', suite, model, measure].filter(Boolean).join('.'),
      time: '0',
    }),
    ...(state === 'warn' && { skipped: `warning: ${why}` }),
    ...(state === 'fail' && { failure: { ...attributes({ message, type: 'gate' }), '#text': why } }),
    'system-out': Object.entries(told)
      .filter(([, text]) => text)
      .map(([name, text]) => `${name}: ${text}`)
      .join('\n'),
  };
}

function propertiesOf({ runs, gates, placeOf }: Judged): [string, string][] {
  const files = [...new Set(gates.map((gate) => placeOf(gate).file))];
  return [
    ...runs.flatMap(provenance),
    ...files.map((file): [string, string] => ['gates', file]),
    ...runs.flatMap(({ systems }) =>
      systems.map(({ name, identity }): [string, string] => [`model ${name}`, identity]),
    ),
    ...runs.flatMap(({ datasets }) =>
      datasets.map(({ name, fingerprint }): [string, string] => [`data set ${name}`, fingerprint]),
    ),
  ];
}

const attributes = (values: Record<string, string | number>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`@_${name}`, String(value)]));
