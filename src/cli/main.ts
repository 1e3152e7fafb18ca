#!/usr/bin/env node
import { obey } from './program.js';
import { guardExitCode } from './terminal/exit-code.js';
import { optimiseWhatStays } from './tiering.js';

optimiseWhatStays();
const done = guardExitCode();
await obey(process.argv.slice(2));
done();
