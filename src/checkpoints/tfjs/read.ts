import { createHash } from 'node:crypto';
import { limits } from '../../bytes/limits.js';
import { nestsTooDeep } from '../../bytes/nesting.js';
import { readWhole } from '../../bytes/regular-file.js';
import { AssayError } from '../../errors.js';
import type { Tensor } from '../../graph/graph.js';
import type { Checkpoint, FileHead } from '../checkpoint.js';
import { externalDataOf } from '../external-data.js';
import { convertModel } from '../keras/convert.js';
import { isObject, type Json } from '../keras/settings.js';
import { readTopology } from '../keras/topology.js';
import type { Weight } from '../keras/weights.js';
import { graphOfModel } from './graph-model.js';
import { readManifest } from './manifest.js';
import { namedWeights } from './weight-names.js';

/** Reads a model of layers or of a graph. Errors: `file-malformed`, `file-unreadable`, `model-invalid`. */
export async function read({ file }: FileHead): Promise<Checkpoint> {
  const content = await readWhole(file, 'tfjsModel');
  const json = parse(content, file);
  const layers = isGraphModel(json) ? undefined : readTopology(layersTopology(json, file), file);
  const hash = createHash('sha256').update(content);
  let bytes = content.byteLength;
  const piece = externalDataOf(file, (part) => {
    hash.update(part);
    bytes += part.byteLength;
  });
  const weights = readManifest(json.weightsManifest, file, (path) => {
    refuseAddress(path, file);
    return piece(path, 0, undefined);
  });
  const producer = producerOf(json);
  const graph = layers
    ? convertModel({
        model: layers,
        weights: namedWeights(inFloats(weights)),
        dialect: 'tfjs',
        file,
        producer,
      })
    : graphOfModel({ json, weights, file, producer });
  return { graph, sha256: hash.digest('hex'), bytes, format: 'tfjs' };
}

function parse(content: Uint8Array, file: string): Json {
  if (nestsTooDeep(content))
    throw new AssayError('file-malformed', 'the JSON nests too deep', {
      file,
      expected: `at most ${limits.nesting.value} ${limits.nesting.of}`,
      found: 'more',
      hint: limits.nesting.instead,
    });
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(content).toString('utf8'));
  } catch (cause) {
    throw new AssayError('file-malformed', 'the file is not whole JSON', {
      file,
      found: (cause as Error).message,
      hint: 'check that the file was copied completely, or save the model again',
      cause,
    });
  }
  if (isObject(json)) return json;
  throw new AssayError('file-malformed', 'the file is not the model.json of TensorFlow.js', {
    file,
    expected: 'an object with modelTopology and weightsManifest',
    found: 'other JSON',
  });
}

/** Old files do not say which kind they are. */
const isGraphModel = ({ format, modelTopology }: Json): boolean =>
  format === 'graph-model' || (isObject(modelTopology) && Array.isArray(modelTopology.node));

/** Layers compute in float32 whatever their weights are kept in. */
function inFloats(weights: ReadonlyMap<string, Tensor>): Map<string, Weight> {
  return new Map(
    [...weights].map(([name, { dims, data }]) => [
      name,
      { dims, data: data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>) },
    ]),
  );
}

/** The configuration of a layers model, without what the converter puts around it. */
function layersTopology({ modelTopology: outer }: Json, file: string): unknown {
  if (isObject(outer)) return isObject(outer.model_config) ? outer.model_config : outer;
  throw new AssayError('file-malformed', 'the file holds weights but no model', {
    file,
    path: 'modelTopology',
    expected: 'the layers of the model',
    found: outer === undefined ? 'no such key' : String(outer),
    hint: "save the whole model: await model.save('file://folder')",
  });
}

function refuseAddress(path: string, file: string): void {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(path)) return;
  throw new AssayError('file-malformed', 'the model keeps weights where it may not', {
    file,
    path: `shard "${path}"`,
    expected: "a file in the model's own folder",
    found: 'an address',
    hint: 'fetch the shards into the folder of model.json and name them there',
  });
}

function producerOf({ generatedBy, convertedBy }: Json): string {
  const said = [generatedBy, convertedBy]
    .filter((one): one is string => typeof one === 'string' && one !== '')
    // The converter writes TensorFlow's version alone.
    .map((one) => (/^\d/.test(one) ? `TensorFlow ${one}` : one));
  return said.length > 0 ? said.join(', ').slice(0, 200) : 'TensorFlow.js';
}
