# Appended to phpize's Makefile. Which sources have changed, cargo knows best: so it is asked each time, but never by `make
# install`, which installs the library as it was built.
sync_installs := $(filter install install-modules,$(MAKECMDGOALS))

$(phplibdir)/sync.so: $(if $(sync_installs),,sync-always)
	$(if $(sync_installs),@echo 'sync: $@ is not there; run make first' >&2; exit 1,+@PHP='$(PHP_EXECUTABLE)' PHP_CONFIG='$(PHP_CONFIG)' FEATURES='$(SYNC_FEATURES)' $(srcdir)/scripts/build.sh --module '$(phplibdir)')

sync-always:

.PHONY: sync-always
