import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { oneLine } from '../../one-line.js';
import { provenance } from '../../report/provenance.js';
import type { GateResult } from '../../suites/results.js';
import { gateRows } from '../present.js';
import { titlesOf } from './outcome.js';
import type { Judged, Reporter } from './reporter.js';

/**
 * SARIF 2.1.0 (OASIS, 2020), a result for each rule that does not hold, at its line of the run file: code scanning makes
 * an alert of every result, so rules that hold have none. What GitHub asks of a result beyond the standard is there:
 * ruleId, level, message and a location in the repository.
 */
export const sarif: Reporter = {
  name: 'sarif',
  description: 'SARIF 2.1.0, failed gates at their line of the run file, for code scanning',
  render: (judged) => `${JSON.stringify(log(judged), null, 2)}\n`,
};

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

function log(judged: Judged) {
  const { runs, gates } = judged;
  const missed = gates.filter(({ passed }) => !passed);
  const ids = [...new Set(missed.map(ruleId))];
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Assay',
            version: runs[0].environment.assay,
            rules: ids.map((id) => ({
              id,
              shortDescription: { text: `A gate on ${id.slice(PREFIX.length)}` },
              help: { text: 'A measure of a model does not meet its limit. The report of the run shows it.' },
            })),
          },
        },
        automationDetails: { id: `assay/${oneLine(titlesOf(runs))}/` },
        invocations: runs.map(({ status, errors }) => ({
          executionSuccessful: status === 'complete',
          toolExecutionNotifications: errors.map((text) => ({
            level: 'error',
            message: { text: oneLine(text) },
          })),
        })),
        results: missed.map((gate) => resultOf(gate, ids, judged)),
        properties: { judged: runs.map((results) => Object.fromEntries(provenance(results))) },
      },
    ],
  };
}

const PREFIX = 'assay/';
const ruleId = ({ measure }: GateResult) => PREFIX + oneLine(measure);

function resultOf(gate: GateResult, ids: readonly string[], { placeOf }: Judged) {
  const { file, line } = placeOf(gate);
  const { state, rule, value, interval, limit, reason } = gateRows([gate])[0]!;
  const measured = [value, interval].filter(Boolean).join(' ');
  const text = oneLine([`${rule}: measured ${measured}, limit ${limit}`, reason].filter(Boolean).join('; '));
  const { n, margin, level, method, over, judges, p, test } = gate;
  return {
    ruleId: ruleId(gate),
    ruleIndex: ids.indexOf(ruleId(gate)),
    level: state === 'warn' ? 'warning' : 'error',
    message: { text },
    locations: [
      {
        physicalLocation: {
          artifactLocation: file.startsWith('/')
            ? { uri: pathToFileURL(file).href }
            : { uri: encodeURI(file), uriBaseId: '%SRCROOT%' },
          region: { startLine: line },
        },
      },
    ],
    // What makes an alert the same one when the rule moves in the file.
    partialFingerprints: { 'assayGate/v1': fingerprint(gate) },
    properties: {
      value: gate.value,
      interval: gate.interval,
      n,
      limit: gate.limit,
      margin,
      level,
      method,
      over,
      judges,
      p,
      test,
    },
  };
}

/** A rule may have several verdicts: one for each limit, model or run. */
const fingerprint = ({ rule, bound, model, dataset, params, run }: GateResult): string =>
  createHash('sha256')
    .update(JSON.stringify([rule, bound, model, dataset, params, run]))
    .digest('hex');
