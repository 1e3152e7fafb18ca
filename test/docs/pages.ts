import { referencePage } from './reference.js';

/** The pages of docs/ that are made from the code. */
export const pages: Record<string, () => string> = { 'reference.md': referencePage };
