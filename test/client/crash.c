#include "client.h"
void
test_crash(void)
{
}
