import type { Announcements } from './announcements.js';
import { clientError } from './errors.js';
import { followable, type HostingNodes } from './hosting-node.js';
import { visitError } from './visit-errors.js';

export interface ForeignNodesDeps {
  readonly announcements: Announcements;
  /** Issuer URL of the other instance. */
  readonly instance: string;
  readonly authUrl: string;
  readonly followRedirects: boolean;
  readonly random: () => number;
}

/** The nodes of another instance, as the own one announces them. */
export function createForeignNodes(deps: ForeignNodesDeps): HostingNodes {
  const { announcements, instance, authUrl, followRedirects, random } = deps;
  // Where one of the two instances is on https, nothing is sent over a line that others can read.
  const base = authUrl.startsWith('https:') ? authUrl : instance;

  const nodes = (): readonly string[] =>
    announcements.nodesOf(instance).flatMap((url) => followable(url, base) ?? []);

  const known = (url: string): string | undefined => {
    const target = followable(url, base);
    return target !== undefined && nodes().includes(target) ? target : undefined;
  };

  async function announced(url: string): Promise<string> {
    if (followRedirects) {
      const target = known(url) ?? (await announcements.ask().then(() => known(url)));
      if (target !== undefined) return target;
    }
    throw clientError('redirect_refused');
  }

  return {
    announced,

    async find({ name, gameId }, told) {
      if (told !== undefined) return announced(told);
      const { foreignRooms } = await announcements.ask();
      const room = foreignRooms.find(
        (each) =>
          each.instance === instance &&
          each.room_name === name &&
          (gameId === undefined || String(each.game_id) === String(gameId)),
      );
      if (announcements.nodesOf(instance).length === 0) throw visitError('instance_unknown');
      // Whichever is asked for a room that is not listed says where it is.
      const some = nodes()[Math.floor(random() * nodes().length)];
      const target = room ? known(room.url) : some;
      if (target === undefined) throw clientError('redirect_refused');
      return target;
    },
  };
}
