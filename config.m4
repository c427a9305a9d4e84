dnl What phpize makes of this: a configure that looks for the tools of the build, and a Makefile that has cargo build sync.so.

PHP_ARG_ENABLE([sync],
  [whether to enable Sync],
  [AS_HELP_STRING([--enable-sync], [Enable Sync (the default)])],
  [yes])

PHP_ARG_ENABLE([sync-tls],
  [whether Sync encrypts connections to servers],
  [AS_HELP_STRING([--enable-sync-tls], [Sync: encrypted connections to servers (rediss://)])],
  [no],
  [no])

if test "$PHP_SYNC" != "no"; then
  dnl The scripts are bash's, which Alpine does not bring.
  AC_PATH_PROG([SYNC_BASH], [bash])
  if test -z "$SYNC_BASH"; then
    AC_MSG_ERROR([Sync is built by bash scripts, and there is no bash. Install it: apk add bash, or apt-get install bash.])
  fi

  dnl One script knows the tools, their versions, and the command that installs each: also for `make test` and `make demo`.
  AC_MSG_CHECKING([for cargo, libclang and a C compiler])
  if sync_missing=`PHP="$PHP_EXECUTABLE" PHP_CONFIG="$PHP_CONFIG" "$SYNC_BASH" "$abs_srcdir/scripts/need.sh" build 2>&1`; then
    AC_MSG_RESULT([found])
  else
    AC_MSG_RESULT([incomplete])
    AC_MSG_ERROR([Sync cannot be built yet:
$sync_missing
On Debian there is also a package that needs none of this where it is installed; another machine builds it by: make deb])
  fi

  PHP_ADD_BUILD_DIR([modules])
  PHP_MODULES="$PHP_MODULES \$(phplibdir)/sync.so"
  PHP_SUBST([PHP_CONFIG])
  SYNC_FEATURES=
  if test "$PHP_SYNC_TLS" = "yes"; then
    SYNC_FEATURES=tls
  fi
  PHP_SUBST([SYNC_FEATURES])
  PHP_ADD_MAKEFILE_FRAGMENT([$abs_srcdir/Makefile.frag], [$abs_srcdir], [$abs_builddir])
fi
