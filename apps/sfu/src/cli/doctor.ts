#!/usr/bin/env node
import { runDoctor } from '@romm-netplay/doctor/command';
import { ownUrlsOf } from '../config.js';

/** The doctor for whoever has Docker and no Node: it is in the image of the node. */
process.exitCode = await runDoctor({
  call: 'node dist/cli/doctor.js',
  own: 'where this node and its auth say that they are (PUBLIC_URL, AUTH_ISSUER)',
  ownUrls: ownUrlsOf,
});
