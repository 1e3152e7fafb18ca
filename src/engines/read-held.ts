import { readFileSync } from 'node:fs';
import type { Graph } from '../graph/graph.js';
import { readOnnx } from '../graph/read.js';
import { bytesOf, type HeldModel, isFile, weightsOf } from './held-model.js';
import { weightsIn } from './weights-file.js';

/** The graph that a pool holds, for what does not read ONNX itself. */
export const graphOf = (model: HeldModel): Graph =>
  isFile(model)
    ? readOnnx(readFileSync(model.file), { file: 'graph', external: weightsIn(weightsOf(model)) })
    : readOnnx(bytesOf(model), 'graph');
