import type { Engine, Program } from '../engines/engine.js';
import { floatsOf, outputOf } from '../engines/outputs.js';
import type { Graph } from '../graph/graph.js';
import { prune } from '../graph/prune.js';
import { checkPixels, imageSize, inChunks, rowsOf } from './batching.js';
import { refuseNotFinite } from './finite.js';
import { type Prepared, pixelValue } from './graph/prepare.js';
import type { InnerMap } from './inner-maps.js';
import type { Batch, ChangedMaps, MapChange, SystemInfo } from './system.js';

/** A network in two, at maps. */
export interface CutAtMaps {
  info: SystemInfo;
  prepared: Prepared;
  batchSize: number;
  concurrency: number;
  maps: readonly InnerMap[];
  /** From images to all of the maps. */
  before: Program;
  /** From each of them to the logits. */
  rests: readonly Program[];
}

/** A program of the network as far as the maps. */
export function compileBefore(engine: Engine, { graph }: Prepared, maps: readonly InnerMap[]) {
  return compiled(engine, { ...graph, outputs: maps.map(({ value }) => asOutput(value)) });
}

/** A program of what follows a map, which is its input; it puts out the logits. */
export function compileRest(engine: Engine, { graph, outputs, fixedBatch }: Prepared, map: InnerMap) {
  const dims = [fixedBatch ?? 'N', ...map.shape];
  return compiled(engine, {
    ...graph,
    inputs: [{ name: map.value, type: 'float32', dims }],
    nodes: graph.nodes.filter((node) => !node.outputs.includes(map.value)),
    outputs: graph.outputs.filter(({ name }) => name === outputs.logits),
  });
}

const asOutput = (name: string) => ({ name, type: 'float32', dims: null }) as const;

const compiled = async (engine: Engine, graph: Graph) => ({ program: await engine.compile(prune(graph)) });

/** Errors: `shape-mismatch`; `model-invalid` when a logit is NaN or infinite, naming the example. */
export async function changedMaps(cut: CutAtMaps, batch: Batch, change: MapChange): Promise<ChangedMaps> {
  const { info, prepared, batchSize, concurrency, maps, before, rests } = cut;
  checkPixels(batch, info);
  const { n, pixels } = batch;
  const classes = info.classes.length;
  const size = imageSize(info);
  const { fixedBatch: fixed, outputs } = prepared;
  const logits = maps.map(() => new Float32Array(n * classes));
  await inChunks(n, { batchSize, fixed, concurrency }, async (start, end) => {
    const rows = rowsOf(pixels, start, end, size, fixed);
    const images = pixelValue(rows, rows.length / size, info.shape);
    const seen = await before.run({ [prepared.pixels]: images });
    for (const [at, { value, shape }] of maps.entries()) {
      const { dims, type, data } = outputOf(seen, value);
      const changed = Float32Array.from(data as Float32Array);
      const width = changed.length / dims[0]!;
      for (let i = 0; i < (end - start) * width; i += width)
        changed.set(change(changed.subarray(i, i + width), shape), i);
      const ran = await rests[at]!.run({ [value]: { type, dims, data: changed } });
      const own = floatsOf(ran, outputs.logits ?? '');
      logits[at]!.set(own.subarray(0, (end - start) * classes), start * classes);
    }
  });
  for (const each of logits) refuseNotFinite(info.name, 'a logit', each, classes, batch);
  return { logits, passes: { forward: (1 + maps.length) * n, gradient: 0 } };
}
