/*
 * settings.h
 *	  Settings that resources read.
 */
#ifndef FLAGPLANE_SETTINGS_H
#define FLAGPLANE_SETTINGS_H

/* flagplane.ingest_endpoint */
extern char *ingest_endpoint_setting;

#endif /* FLAGPLANE_SETTINGS_H */
