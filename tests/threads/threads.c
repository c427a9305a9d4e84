/*
 * threads SCRIPT THREADS GENERATIONS REQUESTS: a PHP with many threads, as a server has them.
 *
 * In each generation THREADS threads begin; each runs SCRIPT for REQUESTS requests, one after the
 * other, and ends. Before and after all of them SCRIPT runs once in the main thread. PHP has the
 * functions below: the place of the current request, a barrier for the threads, and a report of a
 * failure. The exit status is 0 if no script reported one.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <sapi/embed/php_embed.h>

/* Seconds after which a wait for the other threads gives up, so that nothing hangs for ever. */
#define PATIENCE 60

static const char *script;
static int threads, generations, requests;
static pid_t process;
static atomic_int failures;

/* The place of a thread; the main thread is -1, in generation -1 before all others, else after them. */
static _Thread_local struct {
	int thread, generation, request;
	bool fatal_is_meant;
} here;

static void complain(const char *what)
{
	atomic_fetch_add(&failures, 1);
	fprintf(stderr, "thread %d of generation %d, request %d: %s\n", here.thread, here.generation, here.request, what);
}

/* ---- functions for scripts ---- */

ZEND_BEGIN_ARG_INFO_EX(no_arguments, 0, 0, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(one_argument, 0, 0, 1)
	ZEND_ARG_INFO(0, what)
ZEND_END_ARG_INFO()

/* here(): [thread, generation, request]. */
static PHP_FUNCTION(here)
{
	ZEND_PARSE_PARAMETERS_NONE();
	array_init(return_value);
	add_next_index_long(return_value, here.thread);
	add_next_index_long(return_value, here.generation);
	add_next_index_long(return_value, here.request);
}

/* threads(): the number of threads at a time. */
static PHP_FUNCTION(threads)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(threads);
}

/* meet(): waits until all threads of the generation are here. */
static PHP_FUNCTION(meet)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t all_here = PTHREAD_COND_INITIALIZER;
	static int waiting, meetings;
	struct timespec deadline;

	ZEND_PARSE_PARAMETERS_NONE();
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += PATIENCE;
	pthread_mutex_lock(&mutex);
	int meeting = meetings, error = 0;
	if (++waiting == threads) {
		waiting = 0;
		meetings++;
		pthread_cond_broadcast(&all_here);
	}
	while (meeting == meetings && !error) {
		error = pthread_cond_timedwait(&all_here, &mutex, &deadline);
	}
	pthread_mutex_unlock(&mutex);
	if (error) {
		complain("the other threads did not come");
		_exit(1);
	}
}

/* fail($what): reports a failure. */
static PHP_FUNCTION(fail)
{
	char *what;
	size_t length;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STRING(what, length)
	ZEND_PARSE_PARAMETERS_END();
	complain(what);
}

/* fatal_is_meant(): this request shall end in a fatal error. */
static PHP_FUNCTION(fatal_is_meant)
{
	ZEND_PARSE_PARAMETERS_NONE();
	here.fatal_is_meant = true;
}

static const zend_function_entry functions[] = {
	PHP_FE(here, no_arguments)
	PHP_FE(threads, no_arguments)
	PHP_FE(meet, no_arguments)
	PHP_FE(fail, one_argument)
	PHP_FE(fatal_is_meant, no_arguments)
	PHP_FE_END
};

/* Starts PHP with these functions, instead of this SAPI's own. */
static int start(sapi_module_struct *sapi)
{
	sapi->additional_functions = functions;
	return php_module_startup(sapi, NULL);
}

/* ---- requests and threads ---- */

/* Runs the script in a request that has begun. */
static void run(void)
{
	zend_file_handle file;

	SG(headers_sent) = 1;
	SG(request_info).no_headers = 1;
	EG(exit_status) = 0;
	here.fatal_is_meant = false;
	zend_stream_init_filename(&file, script);
	zend_first_try {
		php_execute_script(&file);
	} zend_end_try();
	zend_destroy_file_handle(&file);

	int status = EG(exit_status);
	if (getpid() != process) {
		/* A child that the script forked, in which this thread is the only one. */
		php_request_shutdown(NULL);
		_exit(status);
	}
	if (status != (here.fatal_is_meant ? 255 : 0)) {
		complain(here.fatal_is_meant ? "did not end in a fatal error" : "ended in a fatal error");
	}
}

static void *thread(void *number)
{
	here.thread = (int) (intptr_t) number % threads;
	here.generation = (int) (intptr_t) number / threads;
	ts_resource(0);
	for (here.request = 0; here.request < requests; here.request++) {
		if (php_request_startup() == FAILURE) {
			complain("the request does not start");
			break;
		}
		run();
		php_request_shutdown(NULL);
	}
	ts_free_thread();
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "Usage: %s SCRIPT THREADS GENERATIONS REQUESTS\n", argv[0]);
		return 2;
	}
	/* Each thread has a working directory of its own. */
	if (!(script = realpath(argv[1], NULL))) {
		perror(argv[1]);
		return 2;
	}
	threads = atoi(argv[2]);
	generations = atoi(argv[3]);
	requests = atoi(argv[4]);
	process = getpid();

	/* Many threads have many files open. */
	struct rlimit files;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max < 8192 ? files.rlim_max : 8192;
	setrlimit(RLIMIT_NOFILE, &files);

	/* The main thread's first request runs before all others. */
	php_embed_module.startup = start;
	if (php_embed_init(argc, argv) == FAILURE) {
		fprintf(stderr, "PHP does not start\n");
		return 2;
	}
	here.thread = here.generation = -1;
	run();
	php_request_shutdown(NULL);

	pthread_t *all = calloc(threads, sizeof *all);
	for (int generation = 0; generation < generations; generation++) {
		for (int n = 0; n < threads; n++) {
			if ((errno = pthread_create(&all[n], NULL, thread, (void *) (intptr_t) (generation * threads + n)))) {
				perror("pthread_create");
				return 2;
			}
		}
		for (int n = 0; n < threads; n++) {
			pthread_join(all[n], NULL);
		}
	}
	free(all);

	here.generation = generations;
	php_request_startup();
	run();
	php_embed_shutdown();
	return failures ? 1 : 0;
}
