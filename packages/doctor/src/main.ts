#!/usr/bin/env node
import { runDoctor } from './command.js';

process.exitCode = await runDoctor({
  call: 'npm run doctor --',
  own: 'what npm start left running on this machine',
  ownUrls: () => ({ authUrl: 'http://localhost:3100', sfuUrl: 'http://localhost:3001' }),
});
