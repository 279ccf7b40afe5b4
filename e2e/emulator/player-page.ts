export interface PlayerSettings {
  /** Where the emulator's netplay connects to; the page's own origin if not given. */
  readonly netplayUrl?: string;
  /** Rooms are listed per game. */
  readonly gameId?: number;
  /**
   * Whether netplay goes where RomM's page leads it: Socket.IO below /netplay, and RomM's list of rooms. The page of
   * RomM 5.1 and 5.2 does that when the game has started (`frontend/src/views/Player/EmulatorJS/Player.vue`). The
   * main line of EmulatorJS, which that page loads, also sends a room's password; 4.2.3 asks for none, so here it
   * sends `window.roomPassword`.
   */
  readonly asRomm?: boolean;
  /** Whether netplay is as in the package, where a guest never hears of what the host presses; repaired if not given. */
  readonly netplayAsShipped?: boolean;
}

/** Paths that the page asks for, on its own origin. */
export const DATA_PATH = '/data/';
export const GAME_PATH = '/game.nes';

/** A page that starts EmulatorJS with the tests' program at once, the way RomM's player configures it. */
export function renderPlayerPage({
  netplayUrl,
  gameId = 1,
  asRomm = false,
  netplayAsShipped = false,
}: PlayerSettings = {}): string {
  const config = {
    EJS_player: '#game',
    EJS_core: 'nes',
    EJS_gameUrl: GAME_PATH,
    EJS_gameName: 'pads',
    EJS_gameID: gameId,
    EJS_pathtodata: DATA_PATH,
    EJS_startOnLoaded: true,
    EJS_volume: 0,
    // Both switch netplay on; the first also makes the loader take the sources, which is all that npm has.
    EJS_DEBUG_XX: true,
    EJS_EXPERIMENTAL_NETPLAY: true,
    // So that no translation is asked for; the second is the wrong way round in the loader.
    EJS_language: 'en-US',
    EJS_disableAutoLang: false,
    ...(netplayUrl !== undefined && { EJS_netplayServer: netplayUrl }),
  };
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Player</title>
  <link rel="icon" href="data:,">
  <style>body { margin: 0 } main { width: 512px; height: 480px }</style>
  <main><div id="game"></div></main>
  <script>
    Object.assign(window, { EJS_netplayServer: location.origin }, ${JSON.stringify(config)});
    window.gameStarted = new Promise((resolve) => { window.EJS_onGameStart = resolve; });
    ${KEEP_PIXELS}
    ${ASK_NO_UPDATES}
    ${netplayAsShipped ? '' : REPAIR_NETPLAY}
    ${asRomm ? leadToRomm(gameId) : ''}
  </script>
  <script src="${DATA_PATH}loader.js"></script>
</html>
`;
}

/** A canvas with WebGL forgets its pixels once they are on the screen; kept, they can be read at any time. */
const KEEP_PIXELS = `
    const { getContext } = HTMLCanvasElement.prototype;
    HTMLCanvasElement.prototype.getContext = function (kind, attributes) {
      return getContext.call(this, kind, { ...attributes, preserveDrawingBuffer: true });
    };`;

const leadToRomm = (gameId: number) => `
    window.gameStarted.then(() => {
      const { io, EJS_emulator: emulator } = window;
      window.io = (url, options) => {
        const socket = io(url, { ...options, path: '/netplay/socket.io' });
        const { emit } = socket;
        socket.emit = (name, data, ...others) =>
          emit.call(socket, name, name === 'join-room' ? { ...data, password: window.roomPassword } : data, ...others);
        return socket;
      };
      const define = emulator.defineNetplayFunctions;
      emulator.defineNetplayFunctions = () => {
        define.call(emulator);
        emulator.netplay.getOpenRooms = async () =>
          (await fetch('/api/netplay/list?game_id=${gameId}')).json();
      };
    });`;

/** On localhost the emulator asks its CDN for its newest version, without a setting against it. */
const ASK_NO_UPDATES = `
    Object.defineProperty(window, 'EmulatorJS', {
      configurable: true,
      set(EmulatorJS) {
        EmulatorJS.prototype.checkForUpdates = () => undefined;
      },
    });`;

/**
 * Three bugs of 4.2.3. Its netplay works after each frame, in a hook that cores of 4.2.3 read once, when they
 * start; netplay sets it later. So the core gets a hook that calls whatever was set last. `reset` counts frames from
 * a number that is itself counted from the reset before, so that host and guest disagree about every second one.
 * And a guest forgets input that arrives after the frame that it was meant for, as it does on a busy machine; here
 * it takes effect at once.
 */
const REPAIR_NETPLAY = `
    let startCore;
    Object.defineProperty(window, 'EJS_Runtime', {
      configurable: true,
      get: () => startCore,
      set(original) {
        startCore = (options) => {
          let afterFrame;
          Object.defineProperty(options, 'postMainLoop', {
            get: () => () => afterFrame?.(),
            set: (hook) => { afterFrame = hook; },
          });
          return original(options);
        };
      },
    });
    window.gameStarted.then(() => {
      const emulator = window.EJS_emulator;
      const define = emulator.defineNetplayFunctions;
      emulator.defineNetplayFunctions = () => {
        define.call(emulator);
        const { netplay, gameManager } = emulator;
        netplay.reset = () => {
          netplay.init_frame = Number(gameManager.getFrameNum());
          netplay.currentFrame = 0;
          netplay.inputsData = {};
        };
        const receive = netplay.dataMessage;
        netplay.dataMessage = (data) => {
          receive(data);
          if (netplay.owner) return;
          for (const { frame, connected_input: input } of data['sync-control'] ?? [])
            if (input && frame < netplay.currentFrame) gameManager.functions.simulateInput(...input);
        };
      };
    });`;
