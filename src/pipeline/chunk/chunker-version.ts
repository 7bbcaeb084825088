/** Raised whenever the same document would come apart differently: part of a generation's settings. */
export const chunkerVersion = 'structure-1'
