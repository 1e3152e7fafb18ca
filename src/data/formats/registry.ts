import { Registry } from '../../registry.js';
import type { DataFormat } from '../source.js';
import { cifar10, cifar100 } from './cifar.js';
import { folder } from './folder.js';
import { idx } from './idx.js';
import { npy } from './npy-format.js';
import { npz } from './npz-format.js';
import { cifarC, imagenetC } from './published-corruptions.js';
import { cifarP } from './published-perturbations.js';
import { pytorch } from './pytorch.js';
import { webdataset } from './webdataset.js';

/** Every format that comes with Assay. A path is tried against them in this order. */
export const dataFormats = Registry.of<DataFormat>('data format', [
  pytorch,
  npz,
  npy,
  // Before what takes every gzipped file.
  webdataset,
  cifar10,
  cifar100,
  idx,
  // Before what takes some of its files for corruptions.
  cifarP,
  cifarC,
  imagenetC,
  folder,
]);
