/**
 * Paths that RomM answers itself, one of each kind, from its public source at the tags 4.4.0, 4.5.0, 4.7.0, 5.0.0,
 * 5.1.0 and 5.2.0: `docker/nginx/templates/default.conf.template`, `frontend/src/plugins/router.ts`, and the routers
 * that `backend/main.py` includes below /api and mounts. A later release only added to them; here they are together,
 * because no rule may take the path of any.
 *
 * Not among them are the two that netplay is led away from RomM by: its Socket.IO below /netplay and its list of
 * rooms at /api/netplay/list, both since 4.5.0.
 */
export const ROMM_PATHS: readonly string[] = [
  // The frontend, its files and what its nginx passes on
  '/',
  '/index.html',
  '/favicon.ico',
  '/site.webmanifest',
  '/assets/index-a1b2c3d4.js',
  '/assets/romm/resources/roms/1/1/cover/big.png',
  '/assets/emulatorjs/loader.js',
  '/openapi.json',
  '/ws/socket.io/',
  '/ws',
  // Pages
  ...['/setup', '/login', '/reset-password', '/register', '/search', '/platform/3', '/platforms'],
  ...['/collection/4', '/collection/virtual/a', '/collection/smart/5', '/collections', '/rom/42'],
  ...['/rom/42/ejs', '/rom/42/ruffle', '/rom/42/stream', '/scan', '/scan-settings', '/upload', '/activity'],
  ...['/user/1', '/user-interface', '/library-management', '/metadata-sources', '/client-api-tokens'],
  ...[
    '/administration',
    '/server-stats',
    '/logs',
    '/controller-debug',
    '/april-fools',
    '/pair',
    '/pair/device',
  ],
  ...['/console', '/console/rom/42/play', '/404', '/netplays'],
  // The API
  ...['/api/heartbeat', '/api/setup/library', '/api/login', '/api/logout', '/api/token'],
  ...['/api/login/openid', '/api/oauth/openid', '/api/forgot-password', '/api/auth/device/init'],
  ...['/api/auth/device/token', '/api/auth/device/pending/ABCD', '/api/users/me', '/api/client-tokens'],
  ...['/api/devices', '/api/play-sessions', '/api/platforms', '/api/roms/42/content/a.nes', '/api/music'],
  ...[
    '/api/search/roms',
    '/api/saves',
    '/api/states',
    '/api/sync',
    '/api/tasks',
    '/api/feeds',
    '/api/config',
  ],
  ...['/api/stats', '/api/logs', '/api/raw', '/api/screenshots', '/api/firmware', '/api/collections'],
  ...['/api/export', '/api/gamelist', '/api/permissions', '/api/streaming', '/api/upload', '/api/activity'],
  ...['/api/netplay', '/api/netplay/', '/api/netplay/list/', '/api/netplay/lists'],
];
