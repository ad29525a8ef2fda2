/**
 * The numbers of docs/protocol.md §1, §3 and §8 that bind both ends. Sizes are in bytes, times in seconds unless the
 * name says otherwise.
 */

/** CBOR (§1): arrays or maps inside one another, elements of an array, pairs of a map. */
export const CBOR_DEPTH = 4;
export const CBOR_ARRAY_ELEMENTS = 64;
export const CBOR_MAP_PAIRS = 32;

/** Largest unsigned integer on the wire, 2^53 - 1, and largest `u32`. */
export const UINT_MAX = Number.MAX_SAFE_INTEGER;
export const U32_MAX = 0xffff_ffff;

/** The handshake (§1): one frame, all frames of one side together, their number, and the time to a session. */
export const HANDSHAKE_FRAME_BYTES = 4096;
export const HANDSHAKE_BYTES = 8192;
export const HANDSHAKE_FRAMES = 3;
export const HANDSHAKE_SECONDS = 10;

/** `fmax` (§1, §8): bounds and defaults of the two classes. */
export const FMAX_LEAST = 1280;
export const FMAX_MOST = 66_560;
export const FMAX_END_NODE = 66_560;
export const FMAX_LIGHTWEIGHT = 4608;

/** `notice` (§1): one piece, and all pieces of one envelope. */
export const NOTICE_PIECE_BYTES = 1024;
export const NOTICE_BYTES = 20_480;

/** Half-open handshakes (§8): from one address, and in all. */
export const HALF_OPEN_PER_ADDRESS = 8;
export const HALF_OPEN_ALL = 1024;

/** Generation ratchet (§3.1, §3.2): sessions a step, and how far D may be ahead of M's last completed session. */
export const SESSIONS_PER_GENERATION = 16;
export const GENERATION_LOOK_AHEAD = 65_536;

/** How far a `resync` may move D's counter (§3.1), 2^20. */
export const RESYNC_SPAN = 1_048_576;

/** How many serials beyond its own D accepts in an assignment (§2.2). */
export const SERIAL_LOOK_AHEAD = 1024;

/** Hash chain (§3.3): default length, bounds, the most indices one session may skip, and when to ask for a new one. */
export const CHAIN_LENGTH = 4096;
export const CHAIN_LENGTH_LEAST = 64;
export const CHAIN_LENGTH_MOST = 65_536;
export const CHAIN_SKIP_MOST = 512;
export const CHAIN_RESERVE = 256;

/** Chunks (§7.2, §8): log2 of their size, and the defaults of the two classes. */
export const CHUNK_LOG2_LEAST = 8;
export const CHUNK_LOG2_MOST = 15;
export const CHUNK_LOG2_END_NODE = 14;
export const CHUNK_LOG2_LIGHTWEIGHT = 10;

/** Segment of an image under one content key (§6.6), 1 MiB. */
export const CONTENT_SEGMENT_BYTES = 1_048_576;

/** Manifest payload (§7.2), the blob that carries it (§6.6), room a `blob` leaves for its head (§6.2). */
export const MANIFEST_BYTES = 4096;
export const MANIFEST_BLOB_BYTES = 65_536;
export const BLOB_OVERHEAD_BYTES = 128;

/** Credit of a `want` (§1). */
export const CREDIT_MOST = 256;

/** Intervals (§6.1, §8): defaults, and the bounds of `mon-set`. */
export const FTI_DEFAULT = 3600;
export const RTI_DEFAULT = 600;
export const UTI_DEFAULT = 86_400;
export const FTI_LEAST = 10;
export const FTI_MOST = 2_592_000;
export const RTI_LEAST = 1;
export const RTI_MOST = 86_400;
export const UTI_LEAST = 10;
export const UTI_MOST = 31_536_000;

/** `suspend` (§2.3): at most 7 days. */
export const SUSPEND_SECONDS_MOST = 604_800;

/** A resumption ticket lives at most a day (§3.5). */
export const TICKET_SECONDS_MOST = 86_400;

/** Validator sets (§7.3): links taken in a session, and how far behind a set may be to be moved by them. */
export const LINKS_MOST = 64;
export const SET_AGE = 400;

/** Generations of vendor roots (§7.1) that are taken in a session. */
export const ROOTS_MOST = 16;
