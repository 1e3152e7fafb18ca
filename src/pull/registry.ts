import { Registry } from '../registry.js';
import type { NamedSet } from './named-set.js';
import { cifar10, cifar100 } from './sets/cifar.js';
import { cifar10C, cifar10Point1 } from './sets/cifar10-variations.js';
import { fashionMnist, mnist } from './sets/mnist.js';
import { svhn } from './sets/svhn.js';
import { textures } from './sets/textures.js';

/** Every data set that can be pulled by its name. */
export const namedSets = Registry.of<NamedSet>('data set', [
  cifar10,
  cifar100,
  svhn,
  mnist,
  fashionMnist,
  cifar10C,
  cifar10Point1,
  textures,
]);
