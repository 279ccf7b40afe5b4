#!/usr/bin/env node
import { runDoctor } from './command.js';
import { ownUrls } from './config.js';

process.exitCode = await runDoctor({
  call: 'npm run doctor --',
  own: 'what npm start left running on this machine',
  ownUrls,
});
