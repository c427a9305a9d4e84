/*
 * embed cycles|vanish SCRIPT STORE: a program that embeds PHP, as application servers do. It prints a complaint, and ends with 1, where something
 * is not as it should be.
 *
 *   cycles  starts the engine and shuts it down, several times; each time the script runs, and leaves a lock behind
 *   vanish  (a thread-safe PHP) threads that run the script, and end in the middle of the request, without a word to the engine
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sapi/embed/php_embed.h>

#define CYCLES 8
#define THREADS 24

static const char *script;
static int complaints;

static int complain(const char *what, int expected, int found)
{
	fprintf(stderr, "%s: expected %d, found %d\n", what, expected, found);
	complaints++;
	return 1;
}

/* Runs the script in a request that has begun. */
static void run(int number)
{
	char text[16];
	zend_file_handle file;

	snprintf(text, sizeof text, "%d", number);
	setenv("NUMBER", text, 1);
	SG(headers_sent) = 1;
	SG(request_info).no_headers = 1;
	EG(exit_status) = 0;
	zend_stream_init_filename(&file, script);
	zend_first_try {
		php_execute_script(&file);
	} zend_end_try();
	zend_destroy_file_handle(&file);
	if (EG(exit_status) != 0) {
		complain("the status of the script", 0, EG(exit_status));
	}
}

/* Lines of /proc/self/maps that have a text. */
static int mappings(const char *of)
{
	char line[8192];
	int count = 0;
	FILE *maps = fopen("/proc/self/maps", "r");

	while (fgets(line, sizeof line, maps)) {
		count += strstr(line, of) != NULL;
	}
	fclose(maps);
	return count;
}

static int entries(const char *directory)
{
	int count = 0;
	DIR *open = opendir(directory);

	while (readdir(open)) {
		count++;
	}
	closedir(open);
	return count;
}

static int cycles(int argc, char **argv)
{
	int descriptors = 0, mapped = 0;

	for (int cycle = 0; cycle < CYCLES; cycle++) {
		if (php_embed_init(argc, argv) == FAILURE) {
			return complain("the engine starts, cycle", cycle, -1);
		}
		run(cycle);
		php_embed_shutdown();
		if (mappings(argv[3]) != 0) {
			complain("mappings of the store after a shutdown", 0, mappings(argv[3]));
		}
		/* The first time the libraries are new. */
		if (cycle == 1) {
			descriptors = entries("/proc/self/fd");
			mapped = mappings("sync.so");
		}
	}
	if (entries("/proc/self/fd") != descriptors) {
		complain("descriptors after all cycles", descriptors, entries("/proc/self/fd"));
	}
	if (mappings("sync.so") != mapped) {
		complain("mappings of the extension after all cycles", mapped, mappings("sync.so"));
	}
	if (entries("/proc/self/task") != 3) {
		complain("threads after all cycles", 1, entries("/proc/self/task") - 2);
	}
	return complaints;
}

#ifdef ZTS
static void *vanishing(void *number)
{
	ts_resource(0);
	if (php_request_startup() == FAILURE) {
		complain("the request starts, thread", (int) (intptr_t) number, -1);
		return NULL;
	}
	run((int) (intptr_t) number);
	/* No php_request_shutdown(), no ts_free_thread(). */
	return NULL;
}

static int vanish(int argc, char **argv)
{
	if (php_embed_init(argc, argv) == FAILURE) {
		return complain("the engine starts", 0, -1);
	}
	for (int number = 0; number < THREADS; number++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, vanishing, (void *) (intptr_t) number) != 0) {
			return complain("a thread begins", 0, -1);
		}
		pthread_join(thread, NULL);
	}
	/* The main thread has a request of its own, and finds what the others have left. */
	run(THREADS);
	php_request_shutdown(NULL);
	/* The engine would free what belongs to threads that are gone; a server in which threads vanish ends like this. */
	fflush(NULL);
	_exit(complaints ? 1 : 0);
}
#endif

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "Usage: %s cycles|vanish SCRIPT STORE\n", argv[0]);
		return 2;
	}
	script = argv[2];
	setenv("STORE", argv[3], 1);
#ifdef ZTS
	if (strcmp(argv[1], "vanish") == 0) {
		return vanish(argc, argv);
	}
#endif
	return cycles(argc, argv) ? 1 : 0;
}
