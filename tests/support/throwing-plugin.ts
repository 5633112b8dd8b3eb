/** A connector module that cannot be imported. */
throw new Error('the driver of this connector is not installed');
