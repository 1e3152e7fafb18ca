import { Registry } from '../../registry.js';
import { badge } from './badge.js';
import { json } from './json.js';
import { junit } from './junit.js';
import { markdown } from './markdown.js';
import type { Reporter } from './reporter.js';
import { sarif } from './sarif.js';

/** Every format that verdicts are written in. A new one is a file and a row. */
export const reporters = Registry.of<Reporter>('reporter', [junit, markdown, sarif, badge, json]);
