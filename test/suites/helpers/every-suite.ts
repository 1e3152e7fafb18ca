import { builtinSuites } from '../../../suites/index.js';

/** Every suite that comes with Assay. */
export const everySuite = await Promise.all(builtinSuites.map(({ load }) => load()));
