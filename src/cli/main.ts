#!/usr/bin/env node
import { guardExitCode } from './exit-code.js';
import { obey } from './program.js';
import { optimiseWhatStays } from './tiering.js';

optimiseWhatStays();
const done = guardExitCode();
await obey(process.argv.slice(2));
done();
