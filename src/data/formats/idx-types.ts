import type { Dtype } from '../arrays/nd-array.js';

/** Element types by the third byte of the magic number (LeCun's description of the MNIST files). */
export const TYPES: Record<number, Dtype> = { 8: 'u1', 9: 'i1', 11: 'i2', 12: 'i4', 13: 'f4', 14: 'f8' };
