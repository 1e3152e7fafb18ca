import { counted } from '../report/format.js';
import { uniqueSlugs } from '../report/names.js';
import { provenance } from '../report/provenance.js';
import type { Exported } from '../suites/exporter.js';
import type { GateResult, Results } from '../suites/results.js';
import { type Defined, definedOf, undefinedNote } from './defined.js';

/** What MLflow takes in one `log_metrics`, and as a name. */
const BATCH = 1000;
const LONGEST = 250;

/**
 * For `mlflow.log_metrics`, `mlflow.set_tags` and the thresholds of `mlflow.validate_evaluation_results`: three flat files
 * for each system, which is a run of MLflow.
 */
export async function mlflow(results: Results): Promise<Exported> {
  const folderOf = uniqueSlugs();
  const written = results.systems.map(({ name, identity }) => {
    const folder = folderOf(name);
    const keys = keysOf(definedOf(results, name));
    const { thresholds, missed } = thresholdsOf(results.gates, name, keys);
    const tags = { model: name, identity, ...Object.fromEntries(provenance(results)) };
    const metrics = metricsOf(keys);
    return {
      files: Object.entries({ metrics, thresholds, tags: prefixed(tags) }).map(([what, content]) => ({
        path: `${folder}/${what}.json`,
        content: `${JSON.stringify(content, null, 2)}\n`,
      })),
      missed,
      count: Object.keys(metrics).length,
    };
  });
  const missed = written.reduce((sum, one) => sum + one.missed, 0);
  const largest = Math.max(0, ...written.map(({ count }) => count));
  return {
    files: written.flatMap(({ files }) => files),
    leftOut: [
      ...undefinedNote(results),
      'how intervals were made, which way is better, and notes',
      ...(missed > 0 ? [`${counted(missed, 'gate')}: thresholds know nothing but a limit on one value`] : []),
      ...(largest > BATCH
        ? [`nothing, but MLflow takes ${BATCH} metrics at once: log the ${largest} in parts`]
        : []),
    ],
  };
}

/**
 * A measure by its key: `attack/robust-accuracy/test.epsilon-8-255`. All are three names deep: stores keep metrics as files,
 * and no key may be the folder of another.
 */
function keysOf(measures: readonly Defined[]): Map<string, Defined> {
  const keys = new Map<string, Defined>();
  for (const measure of measures) {
    const params = Object.entries(measure.params).map(([name, value]) => `.${name}-${value}`);
    const parts = [measure.suite, measure.measure, measure.dataset + params.join('')];
    const base = parts
      .map(plain)
      .join('/')
      .slice(0, LONGEST - 20);
    let key = base;
    for (let i = 2; keys.has(key); i++) key = `${base}-${i}`;
    keys.set(key, measure);
  }
  return keys;
}

/** What MLflow takes in names on every system, but for the slash. */
const plain = (text: string) => text.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').replace(/^\.+$/, '-');

const metricsOf = (keys: ReadonlyMap<string, Defined>): Record<string, number> =>
  Object.fromEntries(
    [...keys].flatMap(([key, { value, interval, n }]) => [
      [key, value],
      ...(interval
        ? [
            [`${key}.lower`, interval[0]],
            [`${key}.upper`, interval[1]],
          ]
        : []),
      [`${key}.n`, n],
    ]),
  );

/** Gates that are a limit on the value of one measure, as MLflow judges it. */
function thresholdsOf(gates: readonly GateResult[], model: string, keys: ReadonlyMap<string, Defined>) {
  const thresholds: Record<string, { threshold: number; greater_is_better: boolean }> = {};
  let missed = 0;
  for (const gate of gates.filter((one) => one.model === model)) {
    const [key] = [...keys].find(([, measure]) => isOf(gate, measure)) ?? [];
    if (
      key === undefined ||
      gate.over ||
      gate.aggregate ||
      (gate.judges ?? 'value') !== 'value' ||
      thresholds[key]
    )
      missed++;
    else thresholds[key] = { threshold: gate.limit, greater_is_better: gate.op === '>=' };
  }
  return { thresholds, missed };
}

const isOf = (gate: GateResult, measure: Defined): boolean =>
  gate.suite === measure.suite &&
  gate.measure === measure.measure &&
  gate.dataset === measure.dataset &&
  JSON.stringify(gate.params) === JSON.stringify(measure.params);

const prefixed = (tags: Record<string, string>) =>
  Object.fromEntries(Object.entries(tags).map(([name, value]) => [`assay.${name}`, value]));
