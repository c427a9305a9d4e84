//! For tests: a store in memory, and the tests that every store has to pass.

mod commits;
pub mod expiring;
mod failure;
mod locks;
mod memory;
pub mod model;
pub mod queues;
mod split;
pub mod suite;
mod waiting;
mod waits;

pub use failure::MemoryError;
pub use memory::{Memory, MemoryPlace, MemoryVersion, MemoryWaiter, MemoryWriterHold};
pub use waiting::MemoryWatch;

use std::cell::Cell;

use super::Backend;

thread_local! {
    static FIBER: Cell<usize> = const { Cell::new(0) };
}

/// The fiber of this thread that runs, as the tests have it: for the handles of a [`Fixture`].
pub fn fiber() -> usize {
    FIBER.get()
}

/// Does something in another fiber.
pub(crate) fn in_fiber<T>(fiber: usize, operation: impl FnOnce() -> T) -> T {
    let before = FIBER.replace(fiber);
    let done = operation();
    FIBER.set(before);
    done
}

/// A place for one store, new and empty, to which handles can be made.
pub trait Fixture {
    type Store: Backend;

    /// An empty place.
    fn new() -> Self;

    /// A handle on the store there, to which [`fiber`] tells which fiber runs.
    fn handle(&self) -> Self::Store;
}

/// Makes a test of each case of the suite, and of the model, for one kind of store: `backend_tests!(MyFixture);`
#[macro_export]
macro_rules! backend_tests {
    ($fixture:ty) => {
        $crate::backend_tests! { $fixture; in suite:
            nothing_is_there_at_first
            order_is_that_of_the_first_put
            any_bytes_are_a_key_and_a_value
            a_selection_is_of_one_moment_and_in_order
            facts_are_known_without_reading
            a_version_tells_whether_a_value_has_changed
            a_version_is_confirmed_while_its_value_is_the_newest
            an_opening_has_a_number_and_each_value_another_one
            a_version_of_a_removed_key_is_not_current
            too_little_room_changes_nothing
            a_long_value_may_be_left_where_it_is
            compare_and_set_takes_the_newest_version_alone
            an_append_goes_on_from_the_newest_version_alone
            appends_without_end_keep_every_byte
            a_store_that_rewrites_keeps_every_byte
            a_peek_tells_whether_there_is_a_value_and_what_was_noted
            a_first_value_is_put_where_there_is_none
            the_note_of_a_list_tells_its_length
            a_shift_takes_the_first_element_of_a_list
            elements_that_tell_of_others_are_not_taken_apart
            a_shift_without_room_takes_nothing
            an_item_that_was_taken_is_nowhere_until_it_goes_back_or_is_done_with
            an_item_goes_back_to_a_list_that_others_have_changed
            an_item_goes_back_with_its_key_to_an_array_that_cannot_be_taken_apart
            an_item_waits_for_its_list_where_something_else_is
            an_item_ends_with_all_content_and_expires_with_its_list
            an_item_is_its_handles_alone
            taking_waits_for_others_and_not_in_a_transaction
            numbers_go_on_after_the_highest
            numbers_begin_at_the_least
            there_is_no_number_after_the_last
            removing_tells_whether_it_was_there
            replacing_leaves_nothing_else
            several_changes_happen_at_once
            a_change_of_several_keys_may_be_large
            a_change_of_several_keys_counts_numbers_and_keeps_the_order
            a_change_of_several_keys_waits_for_others
            a_snapshot_is_filled_in_the_callers_memory
            destroying_ends_everything
            a_lock_keeps_others_out_until_it_ends
            a_lock_ends_with_its_handle
            a_hold_on_writers_lets_readers_go_on
            holds_on_writers_are_counted
            a_lock_outlasts_a_hold_on_writers_inside_of_it
            a_named_lock_is_one_handles_until_it_is_given_back_as_often_as_it_was_taken
            named_locks_are_no_content_and_outlast_it
            named_locks_end_with_their_handle_and_their_store
            the_first_in_line_has_a_named_lock_next
            the_lock_of_the_whole_can_be_counted_and_has_a_token
            a_look_at_the_store_waits_for_nobody
            a_lock_is_its_handles_in_whichever_fiber
            a_change_and_a_counted_lock_are_one_fibers
            another_handle_is_on_the_same_store
            nothing_is_there_to_import
            a_change_counts_from_when_the_handle_saw_the_key
            own_changes_are_seen
            a_change_counts_from_a_state_that_was_noted
            a_change_of_anything_counts_from_when_everything_was_seen
            a_wait_goes_on_from_where_it_began
            a_store_that_comes_or_goes_is_a_change
            a_key_seen_through_another_handle_is_seen
            nobody_waits_who_keeps_others_out
        }
        $crate::backend_tests! { $fixture; in expiring:
            an_expired_value_is_missing_for_every_operation
            a_change_keeps_the_expiry_and_a_new_value_has_its_own
            a_name_that_has_expired_is_a_new_one
            adding_stores_where_nothing_is
            touching_gives_a_value_another_expiry
            a_value_that_has_expired_already_is_not_stored
            a_clock_that_is_set_back_revives_nothing
            counting_and_listing_agree_at_any_moment
        }

        #[test]
        fn any_sequence_of_pushes_and_shifts_agrees_with_queues() {
            $crate::testing::queues::check::<$fixture>();
        }

        #[test]
        fn any_sequence_of_operations_agrees_with_a_list() {
            $crate::testing::model::check::<$fixture>();
        }

        #[test]
        fn a_transaction_of_any_operations_agrees_with_a_list() {
            $crate::testing::model::check_transactions::<$fixture>();
        }
    };
    ($fixture:ty; in $part:ident: $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                $crate::testing::$part::$case::<$fixture>();
            }
        )*
    };
}
