#!/usr/bin/env node
import { announce, runService } from '@romm-netplay/service-kit';
import { banner } from './banner.js';
import { composeStandalone } from './compose.js';
import { parseConfig } from './config.js';
import { readEnvFile } from './env-file.js';

await runService(async () => {
  readEnvFile();
  const config = parseConfig();
  // Its log tells errors only, unless told otherwise.
  for (const warning of config.warnings)
    process.stderr.write(`${warning}
`);
  const standalone = await composeStandalone(config);
  announce('auth', standalone.auth.url);
  announce('sfu', standalone.sfu.url);
  announce('page', standalone.pageUrl);
  process.stdout.write(banner(standalone, config));
  return standalone;
});
