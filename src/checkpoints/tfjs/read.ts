import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AssayError } from '../../errors.js';
import type { Checkpoint, FileHead, FormatRow } from '../checkpoint.js';
import { externalDataOf } from '../external-data.js';
import { convertModel } from '../keras/convert.js';
import { isObject, type Json } from '../keras/settings.js';
import { readTopology } from '../keras/topology.js';
import { readManifest } from './manifest.js';
import { namedWeights } from './weight-names.js';

/** Weights lie in shards: a larger model.json is something else. */
const MAX_JSON = 64 * 2 ** 20;

function recognises({ start }: FileHead): boolean {
  const text = Buffer.from(start).toString('utf8').trimStart();
  return text.startsWith('{') && /"(modelTopology|weightsManifest|layers-model|graph-model)"/.test(text);
}

async function read({ file, size }: FileHead): Promise<Checkpoint> {
  if (size > MAX_JSON)
    throw new AssayError('file-malformed', 'the file is too large to be the model.json of TensorFlow.js', {
      file,
      expected: `at most ${MAX_JSON} bytes: weights lie in files beside it`,
      found: `${size} bytes`,
    });
  const content = await readFile(file);
  const json = parse(content, file);
  const topology = layersTopology(json, file);
  const model = readTopology(topology, file);
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
  const graph = convertModel({
    model,
    weights: namedWeights(weights),
    dialect: 'tfjs',
    file,
    producer: producerOf(json),
  });
  return { graph, sha256: hash.digest('hex'), bytes, format: 'tfjs' };
}

function parse(content: Uint8Array, file: string): Json {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(content).toString('utf8'));
  } catch (cause) {
    throw new AssayError('file-malformed', 'the file is not whole JSON', {
      file,
      found: (cause as Error).message,
      hint: 'check that the file was copied whole, or save the model again',
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

/** The configuration of a layers model, without what the converter puts around it. */
function layersTopology(json: Json, file: string): unknown {
  const { modelTopology: outer, format } = json;
  const graph = format === 'graph-model' || (isObject(outer) && Array.isArray(outer.node));
  if (graph)
    throw new AssayError('op-unsupported', 'this is a graph model of TensorFlow.js, not a layers model', {
      file,
      expected: 'format: layers-model',
      found: 'format: graph-model',
      hint: 'run it with `--engine tfjs` where this version lists that engine (`assay doctor`), or export it as ONNX: python -m tf2onnx.convert --tfjs model.json --output model.onnx',
    });
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
  const said = [generatedBy, convertedBy].filter((one) => typeof one === 'string' && one !== '');
  return said.length > 0 ? said.join(', ').slice(0, 200) : 'TensorFlow.js';
}

/** Layers models of TensorFlow.js: model.json, and the weights in shards beside it. */
export const tfjs: FormatRow = { title: 'TensorFlow.js', extensions: ['.json'], recognises, read };
