/* Only PHP's own headers tell where these fields of its globals are. */

#include "php.h"
#include "ext/standard/basic_functions.h"

/* The state that serialize() and unserialize() share with those that are called within them. */
typedef struct {
	unsigned lock;
	struct php_serialize_data *met;
	unsigned met_level;
	struct php_unserialize_data *read;
	unsigned read_level;
} sync_shared;

sync_shared sync_exchange_shared(sync_shared with)
{
	sync_shared before = {
		BG(serialize_lock), BG(serialize).data, BG(serialize).level, BG(unserialize).data, BG(unserialize).level,
	};
	BG(serialize_lock) = with.lock;
	BG(serialize).data = with.met;
	BG(serialize).level = with.met_level;
	BG(unserialize).data = with.read;
	BG(unserialize).level = with.read_level;
	return before;
}
