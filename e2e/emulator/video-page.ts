import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';

/** What tests do in the page, and what they see there. */
export interface VideoNetplay {
  /** Rooms by the key that joining takes, as RomM lists them. */
  list(): Promise<Readonly<Record<string, { readonly room_name: string; readonly hasPassword: boolean }>>>;
  /** Both answer null, or why not. */
  open(room: string, maxPlayers: number, password: string): Promise<string | null>;
  join(key: string, room: string, password: string | null): Promise<string | null>;
  /** Presses or releases A of this player's pad. */
  press(value: 0 | 1): void;
  /** Whether the cells of pads 1 and 2 are lit, in the picture that this player sees; null without one. */
  picture(): readonly boolean[] | null;
  leave(): void;
  /** Events of the socket so far. */
  readonly events: readonly (readonly unknown[])[];
  readonly inRoom: boolean;
}

declare global {
  interface Window {
    readonly netplay: VideoNetplay;
  }
}

const GAME_ID = 42;
const SOCKET_IO = createRequire(import.meta.url).resolve('socket.io-client/dist/socket.io.js');

/**
 * A page that does over the network what the netplay of EmulatorJS' main line does, which is not on npm: the host's
 * picture goes to guests as video over WebRTC, their input comes back over a data channel and, the same again, over
 * Socket.IO. Written from what that page sends and receives, observed in a browser (README.md); its game is a canvas
 * with a cell for each of two pads.
 */
const SCRIPT = `
  const canvas = document.querySelector('canvas');
  const video = document.querySelector('video');
  const events = [];
  let socket, me, players = {}, isHost = false, inRoom = false;
  const peers = new Map();
  const held = [0, 0];
  const extraOf = (room, sessionid) => ({
    domain: location.host, game_id: ${GAME_ID}, room_name: room, player_name: 'Player', userid: me, sessionid,
  });
  const slotOf = (userid) => Object.keys(players).indexOf(userid);

  setInterval(() => {
    const context = canvas.getContext('2d');
    held.forEach((value, pad) => {
      context.fillStyle = value ? 'white' : 'navy';
      context.fillRect(pad * 64, 0, 64, 96);
    });
  }, 30);

  function connect() {
    if (socket?.connected) return Promise.resolve();
    me = crypto.randomUUID();
    socket = window.io(location.origin, { path: '/netplay/socket.io' });
    socket.onAny((...event) => events.push(event));
    socket.on('users-updated', (users) => {
      const known = new Set(Object.keys(players));
      players = users;
      if (!isHost) return;
      for (const [userid, { socketId }] of Object.entries(users))
        if (userid !== me && !known.has(userid)) void offer(socketId);
    });
    socket.on('webrtc-signal', (signal) => void receive(signal));
    socket.on('data-message', ({ 'sync-control': inputs }) => {
      if (!isHost || !inputs) return;
      for (const { frame, connected_input: [pad, , value] } of inputs) {
        held[pad] = value;
        socket.emit('data-message', { frameAck: frame });
      }
    });
    socket.on('disconnect', end);
    return new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
  }

  function peerOf(socketId) {
    const peer = new RTCPeerConnection({ iceServers: [] });
    peers.set(socketId, peer);
    peer.onicecandidate = ({ candidate }) => {
      if (candidate) socket.emit('webrtc-signal', { target: socketId, candidate });
    };
    peer.ontrack = ({ streams: [stream] }) => {
      if (video.srcObject === stream) return;
      video.srcObject = stream;
      void video.play();
    };
    peer.ondatachannel = ({ channel }) => (peer.inputs = channel);
    return peer;
  }

  async function offer(socketId) {
    const peer = peerOf(socketId);
    peer.inputs = peer.createDataChannel('inputs');
    peer.inputs.onmessage = ({ data }) => {
      const { player, value } = JSON.parse(data);
      held[player] = value;
    };
    for (const track of stream.getTracks()) peer.addTrack(track, stream);
    await peer.setLocalDescription();
    socket.emit('webrtc-signal', { target: socketId, offer: peer.localDescription });
  }
  const stream = canvas.captureStream(30);

  async function receive({ sender, offer, answer, candidate }) {
    const peer = peers.get(sender) ?? peerOf(sender);
    if (offer) {
      await peer.setRemoteDescription(offer);
      await peer.setLocalDescription();
      socket.emit('webrtc-signal', { target: sender, answer: peer.localDescription });
    } else if (answer) {
      await peer.setRemoteDescription(answer);
    } else if (candidate) {
      peer.waiting = (peer.waiting ?? []).concat(candidate);
    }
    if (peer.remoteDescription) for (const each of peer.waiting?.splice(0) ?? []) await peer.addIceCandidate(each);
  }

  function end() {
    for (const peer of peers.values()) peer.close();
    peers.clear();
    players = {};
    inRoom = isHost = false;
  }

  const enter = (event, data) =>
    new Promise((resolve) => {
      socket.emit(event, data, (refused) => {
        inRoom = refused === null;
        resolve(refused);
      });
    });

  window.netplay = {
    events,
    get inRoom() { return inRoom; },
    async list() {
      const response = await fetch('/api/netplay/list?game_id=${GAME_ID}');
      return response.ok ? response.json() : {};
    },
    async open(room, maxPlayers, password) {
      await connect();
      isHost = true;
      return enter('open-room', { extra: extraOf(room, crypto.randomUUID()), maxPlayers, password });
    },
    async join(key, room, password) {
      await connect();
      me = crypto.randomUUID();
      return enter('join-room', { extra: extraOf(room, key), password });
    },
    press(value) {
      const pad = slotOf(me);
      if (isHost) {
        held[pad] = value;
        return;
      }
      for (const { inputs } of peers.values())
        if (inputs?.readyState === 'open') inputs.send(JSON.stringify({ player: pad, index: 8, value }));
      socket.emit('data-message', { 'sync-control': [{ frame: 20, connected_input: [pad, 8, value] }] });
    },
    picture() {
      if (!isHost && !(video.videoWidth > 0)) return null;
      const copy = new OffscreenCanvas(2, 1);
      const context = copy.getContext('2d');
      context.drawImage(isHost ? canvas : video, 0, 0, 2, 1);
      const { data } = context.getImageData(0, 0, 2, 1);
      return [data[0] > 128, data[4] > 128];
    },
    leave() {
      if (isHost) socket.emit('data-message', { type: 'host-left' });
      socket.emit('leave-room');
      socket.disconnect();
    },
  };
`;

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Player</title>
<link rel="icon" href="data:,">
<canvas width="128" height="96"></canvas>
<video muted playsinline></video>
<script src="socket.io.js"></script>
<script>${SCRIPT}</script>
</html>
`;

/** Where the page is. */
export const VIDEO_PATH = '/video/';

/** Serves the page, cross-origin isolated as RomM's player page is. */
export function serveVideoPage(): RequestListener {
  const isolated = {
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-opener-policy': 'same-origin',
  };
  return (request, response) => {
    if (request.url === `${VIDEO_PATH}socket.io.js`) {
      void readFile(SOCKET_IO).then((script) =>
        response.writeHead(200, { 'content-type': 'text/javascript' }).end(script),
      );
    } else if (request.url === VIDEO_PATH) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...isolated }).end(PAGE);
    } else {
      response.writeHead(404).end();
    }
  };
}
