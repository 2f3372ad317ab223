/** Row versions are numbers of eight bytes, as their bytes are written. */
export const rowVersionText = (value: bigint): string => `0x${value.toString(16).toUpperCase().padStart(16, '0')}`
