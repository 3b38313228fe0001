/*
 * settings.h
 *	  The setting of experiments; flagplane.c defines it.
 */
#ifndef FLAGPLANE_LAYER_SETTINGS_H
#define FLAGPLANE_LAYER_SETTINGS_H

/* How many experiments run in the layers of an environment at the same time. */
extern int running_experiments_setting;

#endif /* FLAGPLANE_LAYER_SETTINGS_H */
