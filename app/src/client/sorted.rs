//! Sorting of short lists.

/// Sorts by insertion; equal items keep their order. The sort of the standard library is for long lists, and takes 3 KB
/// of the wasm for each type.
pub(super) fn sorted<T, K: Ord>(items: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut sorted: Vec<T> = Vec::new();
    for item in items {
        let of_item = key(&item);
        let place = sorted.partition_point(|before| key(before) <= of_item);
        sorted.insert(place, item);
    }
    sorted
}
